// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {Support} from "./Support.sol";

/// @notice Revokes and reinstates at random, beside a model that keeps the time of every revocation by itself.
contract StatusHandler is Support {
    uint64 internal constant INDEXES = 150; // three lanes of sixty-four, the last in part
    uint32 internal constant CAP = 12;

    mapping(bytes32 centre => mapping(uint64 index => uint256 time)) public revokedAt;
    mapping(bytes32 centre => mapping(uint256 day => uint256 count)) public countOn;
    uint256 public revocations;
    uint256 public undone;
    uint256 public final_;
    string public broken;

    constructor() {
        status.setDailyCap(HAINAN, CAP);
        status.setDailyCap(TAIYUAN, CAP);
    }

    function revoke(uint256 who, uint256 seed, uint64[6] calldata picks, uint8 count, uint8 reason) external {
        passTime(seed);
        maybePause(seed);
        bytes32 centre = centreFor(who);
        reason = uint8(between(reason, 0, 7));
        uint64[] memory indexes = pick(picks, count);
        uint256 fresh = 0;
        for (uint256 i = 0; i < indexes.length; i++) if (isFresh(centre, indexes, i)) fresh++;
        bool allowed = !paused(centre) && reason > 0 && reason < 7 && countOn[centre][today()] + fresh <= CAP;

        VM.prank(accountsFor(who).statusWriter);
        try status.revoke(indexes, reason) {
            if (!allowed) broken = "revoked what must be refused";
            for (uint256 i = 0; i < indexes.length; i++) {
                if (revokedAt[centre][indexes[i]] == 0) revokedAt[centre][indexes[i]] = block.timestamp;
            }
            countOn[centre][today()] += fresh;
            revocations += fresh;
        } catch {
            if (allowed) broken = "refused a revocation";
        }
    }

    function reinstate(uint256 who, uint256 seed, uint64[6] calldata picks, uint8 count) external {
        passTime(seed / 4);
        bytes32 centre = centreFor(who);
        uint64[] memory indexes = pick(picks, count);
        bool allowed = true;
        for (uint256 i = 0; i < indexes.length; i++) {
            uint256 time = revokedAt[centre][indexes[i]];
            if (time != 0 && block.timestamp > time + 1 days) allowed = false;
        }
        VM.prank(accountsFor(who).guardian);
        try status.reinstate(indexes) {
            if (!allowed) broken = "undid what is final";
            for (uint256 i = 0; i < indexes.length; i++) {
                if (revokedAt[centre][indexes[i]] != 0) undone++;
                revokedAt[centre][indexes[i]] = 0;
            }
        } catch {
            if (allowed) broken = "refused to undo within the day";
            final_++;
        }
    }

    function agrees() external view returns (bool) {
        for (uint256 i = 0; i < 2; i++) {
            bytes32 centre = centreFor(i);
            uint256 bits = status.word(centre, 0);
            for (uint64 index = 0; index < INDEXES; index++) {
                bool revoked = revokedAt[centre][index] != 0;
                if (status.isRevoked(centre, index) != revoked || (bits >> index) & 1 != (revoked ? 1 : 0))
                    return false;
            }
            if (status.leftToday(centre) != CAP - countOn[centre][today()]) return false;
        }
        return true;
    }

    function pick(uint64[6] calldata picks, uint8 count) private pure returns (uint64[] memory indexes) {
        indexes = new uint64[](between(count, 0, 6));
        for (uint256 i = 0; i < indexes.length; i++) indexes[i] = uint64(between(picks[i], 0, INDEXES - 1));
    }

    function isFresh(bytes32 centre, uint64[] memory indexes, uint256 at_) private view returns (bool) {
        if (revokedAt[centre][indexes[at_]] != 0) return false;
        for (uint256 i = 0; i < at_; i++) if (indexes[i] == indexes[at_]) return false;
        return true;
    }

    function today() private view returns (uint256) {
        return block.timestamp / 1 days;
    }
}

contract CertificateStatusTest is Support {
    StatusHandler internal handler;

    function setUp() public {
        handler = new StatusHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = StatusHandler.revoke.selector;
        selectors[1] = StatusHandler.reinstate.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    /// @notice S1 to S6: whatever is called when, the contract agrees with a model that keeps a time for each index.
    function invariant_statusAgreesWithTheModel() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
        require(handler.agrees(), "the contract and the model differ");
    }

    /// @notice S4: a revocation can be undone for 24 hours to the second, whatever else happens in its lane.
    function testFuzz_everyRevocationHasItsOwnDay(uint64 index, uint64 other, uint32 between_, uint32 wait) public {
        if (index == other) other ^= 1;
        between_ = uint32(between(between_, 0, 2 days));
        wait = uint32(between(wait, 0, 2 days));
        revokeOne(other);
        VM.warp(block.timestamp + between_);
        revokeOne(index);
        VM.warp(block.timestamp + wait);
        require(canReinstate(index) == (wait <= 1 days), "the later one");
        require(canReinstate(other) == (uint256(between_) + wait <= 1 days), "the earlier one");
    }

    /// @notice S2: the daily cap holds however the revocations are cut into calls.
    function testFuzz_capHoldsAcrossBulkCalls(uint16[5] calldata counts) public {
        uint256 done = 0;
        uint64 next = 0;
        for (uint256 i = 0; i < counts.length; i++) {
            uint64[] memory indexes = new uint64[](between(counts[i], 0, 400));
            for (uint256 j = 0; j < indexes.length; j++) indexes[j] = next++;
            VM.prank(address(0x1001));
            try status.revoke(indexes, 1) {
                done += indexes.length;
            } catch {
                require(done + indexes.length > 1000, "refused below the cap");
            }
            require(done <= 1000, "more than the cap");
        }
    }

    function revokeOne(uint64 index) private {
        uint64[] memory indexes = new uint64[](1);
        indexes[0] = index;
        VM.prank(address(0x1001));
        status.revoke(indexes, 1);
    }

    function canReinstate(uint64 index) private returns (bool) {
        uint64[] memory indexes = new uint64[](1);
        indexes[0] = index;
        VM.prank(address(0x1003));
        try status.reinstate(indexes) {
            return !status.isRevoked(HAINAN, index);
        } catch {
            return false;
        }
    }
}
