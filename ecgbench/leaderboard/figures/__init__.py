"""Figures as functions of plain numbers."""
