// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title The size and root of every centre's log, written so that nobody can take them back.
/// @notice The latest checkpoint of each log is kept in storage, all of them in the events.
interface ICheckpointAnchor {
    /// @notice A centre's log has this root at this size.
    event CheckpointAnchored(bytes32 indexed centre, uint256 indexed epoch, uint256 indexed size, bytes32 root);

    /// @notice The registry names another log epoch as this centre's current one.
    error WrongEpoch(bytes32 centre, uint32 current, uint32 given);
    /// @notice The log is already anchored at this size with another root.
    error Fork(bytes32 centre, uint32 epoch, uint64 size, bytes32 known, bytes32 given);
    /// @notice A log only grows, and an empty one is not anchored.
    error NotGrowing(bytes32 centre, uint32 epoch, uint64 known, uint64 given);
    /// @notice More leaves at once than MAX_GROWTH; a backlog is anchored in several steps.
    error GrowsTooFast(bytes32 centre, uint32 epoch, uint64 known, uint64 given);

    /// @notice Anchors the checkpoint of the sender's centre. By its anchorer. The latest checkpoint again changes
    /// nothing and emits nothing, so that a transaction that may have happened can be sent again.
    /// @param epoch The centre's log epoch in the registry. A new epoch starts from size 0.
    /// @param size Number of leaves: more than anchored, by MAX_GROWTH at most.
    /// @param root Merkle tree hash (RFC 9162) over these leaves.
    function anchor(uint32 epoch, uint64 size, bytes32 root) external;

    /// @notice The largest checkpoint anchored for a log; zeros if there is none.
    /// @return size Number of leaves.
    /// @return root Merkle tree hash over these leaves.
    /// @return time Time of the block that anchored it, Unix seconds.
    function latest(bytes32 centre, uint32 epoch) external view returns (uint64 size, bytes32 root, uint64 time);

    /// @notice The most leaves that one call may add: what a stolen key can put between two looks at the log.
    // solhint-disable-next-line func-name-mixedcase
    function MAX_GROWTH() external view returns (uint64);
}
