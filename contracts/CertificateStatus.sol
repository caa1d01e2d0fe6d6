// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {DailyCap} from "./DailyCap.sol";
import {ICentreRegistry} from "./ICentreRegistry.sol";
import {ICertificateStatus} from "./ICertificateStatus.sol";

/// @title CertificateStatus
/// @notice What it promises stands in {ICertificateStatus}.
/// @dev A revocation must be cheap, and can be undone for exactly 24 hours, so the contract must know when each recent
/// one happened. Sixty-four neighbours share one slot, a lane: a bit each for "revoked", a bit each for "revoked at
/// `waveAt`", and that time. A bulk revocation is one wave in each lane it touches. When another wave meets a lane
/// whose last wave can still be undone, its members get a slot of their own for their time; so no revocation shortens
/// or lengthens the day of another. A wave is forgotten when a later one replaces it, and by then it is final.
contract CertificateStatus is ICertificateStatus, DailyCap {
    struct Lane {
        uint64 revoked;
        uint64 wave;
        uint64 waveAt;
    }

    uint32 private constant DEFAULT_REVOCATIONS = 1_000;
    uint8 private constant REVOCATION = 0;
    uint8 private constant LAST_REASON = 6;
    uint64 private constant UNDO_PERIOD = 24 hours;
    uint64 private constant LANE = 64;
    uint256 private constant LANES_IN_WORD = 4;

    mapping(bytes32 centre => mapping(uint256 laneIndex => Lane lane)) private _lanes;
    mapping(bytes32 centre => mapping(uint64 index => uint64 time)) private _outsideWave;

    constructor(ICentreRegistry registry) DailyCap(registry, DEFAULT_REVOCATIONS) {}

    /// @inheritdoc ICertificateStatus
    function revoke(uint64[] calldata indexes, uint8 reason) external {
        bytes32 centre = REGISTRY.statusWriterOf(msg.sender);
        if (reason == 0 || reason > LAST_REASON) revert UnknownReason(reason);
        uint256 revoked = 0;
        for (uint256 i = 0; i < indexes.length; ++i) {
            if (!_revokeOne(centre, indexes[i])) continue;
            ++revoked;
            emit Revoked(centre, indexes[i], reason, uint64(block.timestamp));
        }
        _spend(centre, REVOCATION, revoked);
    }

    /// @inheritdoc ICertificateStatus
    function reinstate(uint64[] calldata indexes) external {
        bytes32 centre = REGISTRY.guardianOf(msg.sender);
        for (uint256 i = 0; i < indexes.length; ++i) {
            if (!_reinstateOne(centre, indexes[i])) continue;
            emit Reinstated(centre, indexes[i], uint64(block.timestamp));
        }
    }

    /// @inheritdoc ICertificateStatus
    function isRevoked(bytes32 centre, uint64 index) external view returns (bool) {
        return _lanes[centre][index / LANE].revoked & _bit(index) != 0;
    }

    /// @inheritdoc ICertificateStatus
    function word(bytes32 centre, uint256 wordIndex) external view returns (uint256 bits) {
        if (wordIndex > type(uint64).max / (LANE * LANES_IN_WORD)) return 0; // beyond the last index
        for (uint256 i = 0; i < LANES_IN_WORD; ++i) {
            bits |= uint256(_lanes[centre][wordIndex * LANES_IN_WORD + i].revoked) << (i * LANE);
        }
    }

    /// @inheritdoc ICertificateStatus
    function leftToday(bytes32 centre) external view returns (uint32) {
        return _left(centre, REVOCATION);
    }

    function _revokeOne(bytes32 centre, uint64 index) private returns (bool) {
        Lane storage stored = _lanes[centre][index / LANE];
        Lane memory lane = stored;
        uint64 bit = _bit(index);
        if (lane.revoked & bit != 0) return false;

        uint64 time = uint64(block.timestamp);
        lane.revoked |= bit;
        if (lane.waveAt == time) {
            lane.wave |= bit;
        } else if (lane.wave == 0 || !_undoable(lane.waveAt)) {
            lane.wave = bit;
            lane.waveAt = time;
        } else {
            _outsideWave[centre][index] = time;
        }
        _lanes[centre][index / LANE] = lane;
        return true;
    }

    function _reinstateOne(bytes32 centre, uint64 index) private returns (bool) {
        Lane memory lane = _lanes[centre][index / LANE];
        uint64 bit = _bit(index);
        if (lane.revoked & bit == 0) return false;

        uint64 revokedAt = lane.wave & bit != 0 ? lane.waveAt : _outsideWave[centre][index];
        if (!_undoable(revokedAt)) revert RevocationFinal(centre, index);
        lane.revoked &= ~bit;
        lane.wave &= ~bit;
        _lanes[centre][index / LANE] = lane;
        delete _outsideWave[centre][index];
        return true;
    }

    function _undoable(uint64 revokedAt) private view returns (bool) {
        return block.timestamp <= uint256(revokedAt) + UNDO_PERIOD;
    }

    function _bit(uint64 index) private pure returns (uint64) {
        return uint64(1) << (index % LANE);
    }
}
