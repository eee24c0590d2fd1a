"""The Mesa face: the same model as `mesa.Model`, its people and providers as agents that are windows on rows."""
