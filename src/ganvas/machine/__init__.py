"""What this machine is, and what is chosen on it: device, precision, cores, memory, threads."""
