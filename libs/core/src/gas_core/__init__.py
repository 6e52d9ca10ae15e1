"""What every GAS service shares: the life of a job, ports, adapters, worker runtime."""
