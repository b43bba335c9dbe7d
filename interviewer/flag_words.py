"""What a judgement's flags are called, in Chinese and in English, wherever a person reads them. A leaf."""

from __future__ import annotations

FLAGS: dict[str, tuple[str, str]] = {
    "empty": ("空回答", "empty"),
    "dont_know": ("表示不会", "said “don’t know”"),
    "off_topic": ("偏题", "off topic"),
    "copied_question": ("照抄题目", "repeats the question"),
    "stuffing": ("堆砌关键词", "keyword stuffing"),
    "injection": ("试图指挥评分器，已忽略", "tries to instruct the judge; ignored"),
    "too_long": ("过长，只评了前面部分", "too long: only the beginning was graded"),
    "no_choice": ("没有看出选了哪一项", "no option recognised"),
    "code_unparsed": ("代码无法解析", "the code does not parse"),
    "embedder_fallback": ("指定的向量模型不可用，改用内置的", "embedder not available, the embedded one was used"),
    "ungraded": ("没有评分", "not graded"),
    "waiting": ("等待模型批处理的结果", "waiting for the provider's batch"),
}


def flag_words(capital: bool = False) -> dict[str, tuple[str, str]]:
    """For a catalogue of words: `flag.empty`, …; `capital` where each stands by itself."""
    return {f"flag.{k}": (zh, en[:1].upper() + en[1:] if capital else en) for k, (zh, en) in FLAGS.items()}
