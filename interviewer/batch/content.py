"""What the journal knows a row by, and a judgement as the few bytes that it keeps."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import OrderedDict
from typing import Any

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError

from interviewer.models import Judgement, Rubric

_RUBRICS = 1024
COMMON = (
    b'"misconceptions":[{"id":"","penalty":2.0}],"dimensions":{"completeness":3,"correctness":4,"depth":4,"clarity":4},'
    b'"flags":["injection","off_topic","too_long","dont_know","empty"],"feedback":"","chosen":null,"judge":{"kind":"'
    b'offline","model":null,"rubric_hash":"","prompt_hash":null,"calibration":"fusion-llm-v1+fusion-v2","embedder":"'
    b'embedded-static@","fallback":false,"note":""},"usage":{"calls":1,"input_tokens":0,"output_tokens":0,"cost":0.0,'
    b'"cost":null,"seconds":0.00},"error":null}"model":0.5,"confidence":0.9,"evidence":12.5,"located":1.0,"asked":1.0}},'
    b'{"score":7.5,"grade":4,"interval":[5.0,9.0],"needs_review":false,"points":[{"id":"","verdict":"contradicted",'
    b'"verdict":"missing","credit":0.0,"evidence":[],"text":"","weight":1.0,"core":false,"verdict":"partial",'
    b'"weight":3.0,"core":true,"signals":{"cover":0.2,"facet":0.4,"model":1.0,"mass":0.9,"term":0.0,"similar":1.0,'
    b'"lead":0.7,"apart":0.7,"topic":0.3,"number":0.0,"against":0.0,"hedge":0.0,"offline":0.8}},'
    b'{"id":"","verdict":"covered","credit":1.0,"evidence":[{"start":0,"end":10,"text":"'
)
"""What nearly every judgement says, for the compressor to refer to."""


class Keys:
    """What rows are known by under one judge. Remembers the rubrics last used."""

    def __init__(self, fingerprint: str) -> None:
        self._judge = fingerprint.encode()
        self._rubrics: OrderedDict[int, tuple[Rubric, bytes]] = OrderedDict()

    def of(self, rubric: Rubric, answer: str, lang: str) -> bytes:
        """sha256 of all that the judgement depends on; the order in which options were shown is part of it."""
        parts = (self._judge, self._digest(rubric), lang.encode(), answer.encode("utf-8", "surrogatepass"))
        return hashlib.sha256(b"\0".join(parts)).digest()

    def _digest(self, rubric: Rubric) -> bytes:
        known = self._rubrics.get(id(rubric))  # the entry keeps the rubric alive, and so its id its own
        if known is None:
            text = rubric.model_dump_json().encode("utf-8", "surrogatepass")
            known = self._rubrics[id(rubric)] = (rubric, hashlib.sha256(text).hexdigest().encode())
            if len(self._rubrics) > _RUBRICS:
                self._rubrics.popitem(last=False)
        return known[1]


def keepable(judgement: Judgement) -> bool:
    """Whether it may stand for a later one: scored, and by the judge that was asked, not by one that stepped in."""
    return judgement.score is not None and judgement.error is None and not judgement.judge.note


def pack(judgement: Judgement) -> bytes:
    try:
        text = judgement.model_dump_json()
    except PydanticSerializationError:  # evidence with a lone surrogate of the answer, which JSON holds escaped
        text = json.dumps(judgement.model_dump(mode="json"))
    made = zlib.compressobj(6, zdict=COMMON)
    return made.compress(text.encode()) + made.flush()


def unpack(body: Any) -> Judgement:
    """Raises zlib.error, ValueError or TypeError for what `pack` did not make."""
    read = zlib.decompressobj(zdict=COMMON)
    text = read.decompress(body) + read.flush()
    try:
        return Judgement.model_validate_json(text)
    except ValidationError:
        return Judgement.model_validate(json.loads(text))
