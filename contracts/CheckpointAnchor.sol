// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {ICentreRegistry} from "./ICentreRegistry.sol";
import {ICheckpointAnchor} from "./ICheckpointAnchor.sol";

/// @title CheckpointAnchor
/// @notice What it promises stands in {ICheckpointAnchor}.
contract CheckpointAnchor is ICheckpointAnchor {
    struct Checkpoint {
        uint64 size;
        uint64 time;
        bytes32 root;
    }

    /// @inheritdoc ICheckpointAnchor
    uint64 public constant MAX_GROWTH = 2 ** 20;
    /// @notice The registry that says who anchors for which centre.
    ICentreRegistry public immutable REGISTRY;

    mapping(bytes32 centre => mapping(uint32 epoch => Checkpoint checkpoint)) private _latest;

    constructor(ICentreRegistry registry) {
        REGISTRY = registry;
    }

    /// @inheritdoc ICheckpointAnchor
    function anchor(uint32 epoch, uint64 size, bytes32 root) external {
        (bytes32 centre, uint32 current) = REGISTRY.anchorerOf(msg.sender);
        if (epoch != current) revert WrongEpoch(centre, current, epoch);

        Checkpoint storage checkpoint = _latest[centre][epoch];
        uint64 known = checkpoint.size;
        if (size == known && size != 0) {
            if (root == checkpoint.root) return;
            revert Fork(centre, epoch, size, checkpoint.root, root);
        }
        if (size <= known) revert NotGrowing(centre, epoch, known, size);
        if (size - known > MAX_GROWTH) revert GrowsTooFast(centre, epoch, known, size);

        checkpoint.size = size;
        checkpoint.time = uint64(block.timestamp);
        checkpoint.root = root;
        emit CheckpointAnchored(centre, epoch, size, root);
    }

    /// @inheritdoc ICheckpointAnchor
    function latest(bytes32 centre, uint32 epoch) external view returns (uint64 size, bytes32 root, uint64 time) {
        Checkpoint storage checkpoint = _latest[centre][epoch];
        return (checkpoint.size, checkpoint.root, checkpoint.time);
    }
}
