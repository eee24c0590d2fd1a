"""What people read: tables on the terminal, the life of one child in sentences, figures."""
