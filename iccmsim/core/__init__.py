"""The ground floor: the one compiling decorator, the keyed random numbers, the record of everything that has state."""
