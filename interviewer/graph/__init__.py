"""The LangGraph machine: state, policy, selection, nodes, builder."""
