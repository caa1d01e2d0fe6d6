// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {IBlacklist} from "../../contracts/IBlacklist.sol";
import {Support} from "./Support.sol";

/// @notice Lists, suspends, resumes and lifts at random, and says beforehand which calls must succeed.
contract BlacklistHandler is Support {
    uint256 internal constant IDS = 24;
    uint32 internal constant CAP = 4;

    struct Model {
        bytes32 centre;
        bytes32 commitment;
        IBlacklist.State state;
        uint8 reason;
    }

    mapping(bytes32 id => Model model) public models;
    mapping(bytes32 centre => mapping(uint256 day => uint256 count)) public listedOn;
    mapping(bytes32 centre => mapping(uint256 day => uint256 count)) public releasedOn;
    string public broken;

    constructor() {
        blacklist.setDailyCap(HAINAN, CAP);
        blacklist.setDailyCap(TAIYUAN, CAP);
    }

    function list(uint256 who, uint256 seed, uint256 idSeed, uint8 commitmentSeed) external {
        passTime(seed);
        maybePause(seed);
        bytes32 centre = centreFor(who);
        bytes32 id = idFor(idSeed);
        bytes32 commitment = bytes32(between(commitmentSeed, 0, 3));
        Model storage model = models[id];
        bool same = model.centre == centre && model.commitment == commitment;
        bool unused = model.state == IBlacklist.State.None && listedOn[centre][today()] < CAP;
        bool allowed = !paused(centre) && id != 0 && commitment != 0 && (same || unused);

        VM.prank(accountsFor(who).lister);
        try blacklist.list(id, commitment) {
            if (!allowed) broken = "listed what must be refused";
            if (same) return;
            models[id] = Model(centre, commitment, IBlacklist.State.Listed, 0);
            listedOn[centre][today()]++;
        } catch {
            if (allowed) broken = "refused a listing";
        }
    }

    function change(uint256 who, uint256 seed, uint256 idSeed, uint8 to, uint8 reason) external {
        passTime(seed / 4);
        bytes32 centre = centreFor(who);
        bytes32 id = idFor(idSeed);
        IBlacklist.State target = IBlacklist.State(between(to, 1, 3));
        reason = target == IBlacklist.State.Lifted ? uint8(between(reason, 0, 6)) : 0;
        Model storage model = models[id];
        bool same = model.state == target && model.reason == reason;
        bool releases = target != IBlacklist.State.Listed && !same;
        bool allowed =
            !paused(centre) &&
                model.centre == centre &&
                model.state != IBlacklist.State.None &&
                (model.state != IBlacklist.State.Lifted || same) &&
                (target != IBlacklist.State.Lifted || (reason > 0 && reason < 6)) &&
                (!releases || releasedOn[centre][today()] < CAP);

        VM.prank(accountsFor(who).lister);
        (bool done, ) = address(blacklist).call(callTo(target, id, reason));
        if (done != allowed) broken = done ? "changed what must be refused" : "refused a change";
        if (!done || same) return;
        (model.state, model.reason) = (target, reason);
        if (releases) releasedOn[centre][today()]++;
    }

    function agrees() external view returns (bool) {
        for (uint256 i = 0; i < IDS; i++) {
            (bytes32 centre, bytes32 commitment, IBlacklist.State state, uint64 listedAt) = blacklist.listing(idFor(i));
            Model storage model = models[idFor(i)];
            if (centre != model.centre || commitment != model.commitment || state != model.state) return false;
            if ((listedAt == 0) != (state == IBlacklist.State.None)) return false;
        }
        return true;
    }

    function callTo(IBlacklist.State target, bytes32 id, uint8 reason) private pure returns (bytes memory) {
        if (target == IBlacklist.State.Listed) return abi.encodeCall(IBlacklist.resume, (id));
        if (target == IBlacklist.State.Suspended) return abi.encodeCall(IBlacklist.suspend, (id));
        return abi.encodeCall(IBlacklist.lift, (id, reason));
    }

    function idFor(uint256 seed) private pure returns (bytes32) {
        return bytes32(seed % IDS);
    }

    function today() private view returns (uint256) {
        return block.timestamp / 1 days;
    }
}

contract BlacklistTest is Support {
    BlacklistHandler internal handler;

    function setUp() public {
        handler = new BlacklistHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = BlacklistHandler.list.selector;
        selectors[1] = BlacklistHandler.change.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    /// @notice B1 to B5: whatever is called when, the contract agrees with the model.
    function invariant_listingsAgreeWithTheModel() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
        require(handler.agrees(), "the contract and the model differ");
    }

    /// @notice B1: nobody but a lister of an admitted centre lists.
    function testFuzz_strangersListNothing(address sender, bytes32 id, bytes32 commitment) public {
        if (sender == address(0x1002) || sender == address(0x2002)) return;
        VM.prank(sender);
        try blacklist.list(id, commitment) {
            revert("accepted");
        } catch {} // solhint-disable-line no-empty-blocks
    }
}
