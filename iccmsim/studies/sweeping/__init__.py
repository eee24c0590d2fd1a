"""How a sweep is done: cases of a design, work cut into parts, hands that do it, a folder that keeps what is done."""
