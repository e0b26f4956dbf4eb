"""Room *machine*: a Firecracker-shaped API, which a real Firecracker client can drive."""
