"""The simulator that the settings name."""

from operators.mujoco_simulator import MujocoSimulator
from operators.scene import build_scene
from operators.settings import Settings
from operators.simulator import Simulator


def make_simulator(settings: Settings) -> Simulator:
    """Build the scene and the simulator; it is not started yet.

    Raises SettingsError for a missing URDF or a hand that does not fit, and where the simulator
    itself is not here.
    """
    match settings.simulation.simulator:
        case "isaacgym":
            from operators.isaac_gym_simulator import IsaacGymSimulator

            return IsaacGymSimulator(build_scene(settings), settings)
        case "mujoco":
            return MujocoSimulator(build_scene(settings), settings)
