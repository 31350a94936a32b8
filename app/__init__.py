"""The Qt window: translates between people and core. Never imports torch."""
