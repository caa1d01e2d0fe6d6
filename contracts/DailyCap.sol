// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {ICentreRegistry} from "./ICentreRegistry.sol";
import {IDailyCap} from "./IDailyCap.sol";

/// @title DailyCap
/// @notice What it promises stands in {IDailyCap}.
/// @dev A contract counts one or more acts of a centre apart; the cap holds for each of them.
abstract contract DailyCap is IDailyCap {
    struct Cap {
        uint32 perDay;
        bool set;
    }

    struct Use {
        uint64 day;
        uint32 count;
    }

    /// @notice The registry that says who writes for which centre, and whose owner sets the caps.
    ICentreRegistry public immutable REGISTRY;
    uint32 private immutable DEFAULT_CAP;

    mapping(bytes32 centre => Cap cap) private _caps;
    mapping(bytes32 centre => mapping(uint8 act => Use use)) private _uses;

    constructor(ICentreRegistry registry, uint32 defaultCap) {
        REGISTRY = registry;
        DEFAULT_CAP = defaultCap;
    }

    /// @inheritdoc IDailyCap
    function setDailyCap(bytes32 centre, uint32 cap) external {
        if (msg.sender != REGISTRY.owner()) revert NotRegistryOwner(msg.sender);
        if (_caps[centre].set && _caps[centre].perDay == cap) return;
        _caps[centre] = Cap({perDay: cap, set: true});
        emit DailyCapSet(centre, cap);
    }

    /// @inheritdoc IDailyCap
    function dailyCap(bytes32 centre) public view returns (uint32) {
        return _caps[centre].set ? _caps[centre].perDay : DEFAULT_CAP;
    }

    /// @dev Takes `count` of what is left of this act today, or reverts.
    function _spend(bytes32 centre, uint8 act, uint256 count) internal {
        if (count == 0) return;
        uint32 left = _left(centre, act);
        if (count > left) revert DailyCapReached(centre, dailyCap(centre), left, count);
        Use storage use = _uses[centre][act];
        uint64 day = _today();
        use.count = (use.day == day ? use.count : 0) + uint32(count); // cannot truncate: count <= left
        use.day = day;
    }

    function _left(bytes32 centre, uint8 act) internal view returns (uint32) {
        Use storage use = _uses[centre][act];
        uint32 used = use.day == _today() ? use.count : 0;
        uint32 cap = dailyCap(centre);
        return cap > used ? cap - used : 0; // a cap lowered during the day may lie below what was used
    }

    function _today() private view returns (uint64) {
        return uint64(block.timestamp / 1 days);
    }
}
