// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {Support} from "./Support.sol";

/// @notice Anchors at random, and says beforehand which calls must succeed.
contract AnchorHandler is Support {
    uint64 internal constant CAP = 2 ** 20;

    mapping(bytes32 centre => mapping(uint32 epoch => uint64 size)) public sizes;
    mapping(bytes32 centre => mapping(uint32 epoch => bytes32 root)) public roots;
    uint256 public anchored;
    string public broken;

    function anchor(uint256 who, uint256 seed, uint64 growth, bytes32 root, uint32 epochSeed) external {
        passTime(seed);
        maybePause(seed);
        bytes32 centre = centreFor(who);
        uint32 current = registry.centre(centre).logEpoch;
        uint32 epoch = epochSeed % 8 == 0 ? current + 1 : (epochSeed % 8 == 1 ? current - 1 : current);
        uint64 known = sizes[centre][epoch];
        uint64 size = uint64(known + between(growth, 0, CAP + 2));
        if (growth % 8 == 0) size = uint64(between(growth, 0, known));
        if (growth % 8 == 1) (size, root) = (known, roots[centre][epoch]);
        address sender = seed % 5 == 0 ? anyone(growth) : accountsFor(who).anchorer;

        bool same = size == known && root == roots[centre][epoch] && size != 0;
        bool grows = size > known && size - known <= CAP;
        bool mayWrite = sender == accountsFor(who).anchorer && !paused(centre) && epoch == current;
        // Another centre's anchorer writes its own log: such a step says nothing about this one.
        if (sender == accountsFor(who + 1).anchorer) return;

        VM.prank(sender);
        try anchors.anchor(epoch, size, root) {
            if (!mayWrite || !(same || grows)) broken = "accepted what must be refused";
            if (grows) {
                (sizes[centre][epoch], roots[centre][epoch]) = (size, root);
                anchored++;
            }
        } catch {
            if (mayWrite && (same || grows)) broken = "refused what must be accepted";
        }
    }

    function beginEpoch(uint256 who, uint8 seed) external {
        if (seed % 8 != 0) return;
        registry.setLogEpoch(centreFor(who), registry.centre(centreFor(who)).logEpoch + 1);
    }

    function agrees() external view returns (bool) {
        for (uint256 i = 0; i < 2; i++) {
            bytes32 centre = centreFor(i);
            for (uint32 epoch = 1; epoch <= registry.centre(centre).logEpoch; epoch++) {
                (uint64 size, bytes32 root, ) = anchors.latest(centre, epoch);
                if (size != sizes[centre][epoch] || root != roots[centre][epoch]) return false;
            }
        }
        return true;
    }
}

contract CheckpointAnchorTest is Support {
    AnchorHandler internal handler;

    function setUp() public {
        handler = new AnchorHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = AnchorHandler.anchor.selector;
        selectors[1] = AnchorHandler.beginEpoch.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    /// @notice A1 to A5: no sequence of calls anchors anything that the rules refuse, or loses anything they allow.
    function invariant_logsOnlyGrowByTheRules() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
        require(handler.agrees(), "the contract and the model differ");
    }

    /// @notice A2, A3: from any size, exactly the sizes up to the cap are accepted.
    function testFuzz_growth(uint64 first, uint64 second, bytes32 root) public {
        uint64 cap = anchors.MAX_GROWTH();
        first = uint64(between(first, 1, cap));
        second = uint64(between(second, 0, 3 * uint256(cap)));
        VM.prank(address(0x1000));
        anchors.anchor(1, first, root);
        bool allowed = second == first || (second > first && second - first <= cap);
        VM.prank(address(0x1000));
        try anchors.anchor(1, second, root) {
            require(allowed, "accepted");
        } catch {
            require(!allowed, "refused");
        }
    }

    /// @notice A1: an address that is not an anchorer never writes.
    function testFuzz_strangersAnchorNothing(address sender, uint64 size, bytes32 root) public {
        if (sender == address(0x1000) || sender == address(0x2000)) return;
        VM.prank(sender);
        try anchors.anchor(1, size, root) {
            revert("accepted");
        } catch {} // solhint-disable-line no-empty-blocks
    }
}
