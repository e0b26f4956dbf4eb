"""How do other libraries answer the same failures? Each in the set-up that its own documentation shows."""
