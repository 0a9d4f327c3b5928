"""Reproducing the papers: prepare their pictures, train what they trained, and write their pages."""
