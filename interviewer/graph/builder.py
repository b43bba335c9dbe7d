"""The machine itself: which step leads to which. Building it imports LangGraph, so import this late."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("LANGSMITH_TRACING", "false")
os.environ.setdefault("LANGCHAIN_TRACING_V2", "false")

from langgraph.graph import END, START, StateGraph

from interviewer.graph import nodes
from interviewer.graph.context import Context
from interviewer.graph.state import State

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph


def build(checkpointer: BaseCheckpointSaver[Any] | None = None) -> CompiledStateGraph[State, Context, State, State]:
    """plan → ask → listen → assess → decide → follow_up | improvise | next | close, with hints beside."""
    graph = StateGraph(State, context_schema=Context)
    graph.add_node("plan", nodes.plan)
    graph.add_node("ask", nodes.ask)
    graph.add_node("listen", nodes.listen)
    graph.add_node("hint", nodes.hint)
    graph.add_node("assess", nodes.assess)
    graph.add_node("decide", nodes.decide)
    graph.add_node("follow_up", nodes.follow_up)
    graph.add_node("improvise", nodes.improvise)
    graph.add_node("next", nodes.next_question)
    graph.add_node("close", nodes.close)
    graph.add_edge(START, "plan")
    graph.add_edge("ask", "listen")
    graph.add_conditional_edges("listen", nodes.heard, ["listen", "hint", "assess", "decide"])
    graph.add_edge("hint", "listen")
    graph.add_edge("assess", "decide")
    graph.add_edge("follow_up", "listen")
    graph.add_edge("close", END)
    return graph.compile(checkpointer=checkpointer)


def mermaid() -> str:
    """The machine as a Mermaid flowchart, drawn offline."""
    return build().get_graph().draw_mermaid()
