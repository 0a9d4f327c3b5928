"""Objectives that several recipes share, each stated whole in one base class."""
