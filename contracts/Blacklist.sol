// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {DailyCap} from "./DailyCap.sol";
import {IBlacklist} from "./IBlacklist.sol";
import {ICentreRegistry} from "./ICentreRegistry.sol";

/// @title Blacklist
/// @notice What it promises stands in {IBlacklist}.
contract Blacklist is IBlacklist, DailyCap {
    struct Listing {
        bytes32 centre;
        bytes32 commitment;
        State state;
        uint8 liftReason;
        uint64 listedAt;
    }

    uint32 private constant DEFAULT_LISTINGS = 200;
    uint8 private constant LISTING = 0;
    uint8 private constant RELEASE = 1;
    uint8 private constant LAST_REASON = 5;

    mapping(bytes32 id => Listing listing) private _listings;

    constructor(ICentreRegistry registry) DailyCap(registry, DEFAULT_LISTINGS) {}

    /// @inheritdoc IBlacklist
    function list(bytes32 id, bytes32 commitment) external {
        bytes32 centre = REGISTRY.listerOf(msg.sender);
        if (id == 0 || commitment == 0) revert ZeroIdOrCommitment(id, commitment);
        Listing storage listed = _listings[id];
        if (listed.state != State.None) {
            if (listed.centre == centre && listed.commitment == commitment) return;
            revert IdInUse(id, listed.centre);
        }
        _spend(centre, LISTING, 1);
        _listings[id] = Listing({
            centre: centre,
            commitment: commitment,
            state: State.Listed,
            liftReason: 0,
            listedAt: uint64(block.timestamp)
        });
        emit Listed(centre, id, commitment);
    }

    /// @inheritdoc IBlacklist
    function suspend(bytes32 id) external {
        (bytes32 centre, Listing storage own) = _own(id);
        if (own.state == State.Lifted) revert AlreadyLifted(id, own.liftReason);
        if (own.state == State.Suspended) return;
        _spend(centre, RELEASE, 1);
        own.state = State.Suspended;
        emit Suspended(centre, id);
    }

    /// @inheritdoc IBlacklist
    function resume(bytes32 id) external {
        (bytes32 centre, Listing storage own) = _own(id);
        if (own.state == State.Lifted) revert AlreadyLifted(id, own.liftReason);
        if (own.state == State.Listed) return;
        own.state = State.Listed;
        emit Resumed(centre, id);
    }

    /// @inheritdoc IBlacklist
    function lift(bytes32 id, uint8 reason) external {
        (bytes32 centre, Listing storage own) = _own(id);
        if (reason == 0 || reason > LAST_REASON) revert UnknownReason(reason);
        if (own.state == State.Lifted) {
            if (own.liftReason == reason) return;
            revert AlreadyLifted(id, own.liftReason);
        }
        _spend(centre, RELEASE, 1);
        own.state = State.Lifted;
        own.liftReason = reason;
        emit Lifted(centre, id, reason);
    }

    /// @inheritdoc IBlacklist
    function listing(
        bytes32 id
    ) external view returns (bytes32 centre, bytes32 commitment, State state, uint64 listedAt) {
        Listing storage found = _listings[id];
        return (found.centre, found.commitment, found.state, found.listedAt);
    }

    /// @inheritdoc IBlacklist
    function leftToday(bytes32 centre) external view returns (uint32 listings, uint32 releases) {
        return (_left(centre, LISTING), _left(centre, RELEASE));
    }

    /// @dev The sender's centre and its own listing; a listing of another centre, or none, reverts.
    function _own(bytes32 id) private view returns (bytes32 centre, Listing storage own) {
        centre = REGISTRY.listerOf(msg.sender);
        own = _listings[id];
        if (own.state == State.None) revert UnknownListing(id);
        if (own.centre != centre) revert NotListedBy(id, own.centre, centre);
    }
}
