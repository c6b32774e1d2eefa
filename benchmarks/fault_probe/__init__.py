"""A node that notes what the robot is told."""
