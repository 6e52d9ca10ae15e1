"""What our AWS description gives, seen through the emulator."""
