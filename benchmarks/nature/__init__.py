"""How accurate verdicts are on faults that nobody planted: settings that users get wrong, and hard or healthy data."""
