"""What a trained generator has learned: ways between its pictures, directions, projections, neighbours."""
