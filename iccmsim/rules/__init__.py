"""The rule book: small functions about one child, one family or one provider, each a sentence of the field."""
