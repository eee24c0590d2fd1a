"""What a run gives: tables, counts that are always kept, and pure functions of them."""
