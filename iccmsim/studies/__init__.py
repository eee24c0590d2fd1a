"""Questions put to the model: what differs between arms, over places, under doubt."""
