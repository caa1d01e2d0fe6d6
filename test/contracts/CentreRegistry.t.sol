// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {ICentreRegistry} from "../../contracts/ICentreRegistry.sol";
import {Support} from "./Support.sol";

/// @notice Admits, rotates, removes and pauses at random with few accounts, so that they collide; and dates one key.
contract RegistryHandler is Support {
    uint160 internal constant ACCOUNTS = 14;
    bytes32 internal constant SEAL = "seal";

    mapping(bytes32 centre => bool removed) public removedOnce;
    mapping(bytes32 centre => uint32 epoch) public highestEpoch;
    string public broken;

    constructor() {
        registry.addKey(HAINAN, SEAL, hex"01", uint64(START), 0);
        registry.addKey(TAIYUAN, SEAL, hex"01", uint64(START), 0);
    }

    function admit(uint8 code, uint160[4] calldata seeds) external {
        registry.admit(bytes32(between(code, 1, 4)), "", "", "", pick(seeds));
    }

    function rotate(uint256 seed, uint160[4] calldata seeds) external {
        registry.setAccounts(anyCentre(seed), pick(seeds));
    }

    function remove(uint256 seed) external {
        if (seed % 8 != 0) return;
        registry.remove(anyCentre(seed >> 8));
        removedOnce[anyCentre(seed >> 8)] = true;
    }

    function setEpoch(uint256 seed, uint32 epoch) external {
        bytes32 centre = anyCentre(seed);
        epoch = uint32(between(epoch, 0, 50));
        registry.setLogEpoch(centre, epoch);
        if (epoch < highestEpoch[centre]) broken = "an epoch went back";
        highestEpoch[centre] = epoch;
    }

    /// @dev A call by a centre's accounts or a stranger, never the owner: the only effects it may have are those of a guardian.
    function attack(uint256 who, uint256 seed, uint8 kind) external {
        passTime(seed);
        bytes32 centre = anyCentre(seed);
        address sender = address(uint160(between(who, 1, ACCOUNTS)));
        (bytes32 own, ICentreRegistry.Role role) = registry.centreOf(sender);
        ICentreRegistry.Centre memory before = registry.centre(centre);
        bool guards = role == ICentreRegistry.Role.Guardian && own == centre && before.removedAt == 0;
        bytes memory data =
            kind % 4 == 0
                ? abi.encodeCall(ICentreRegistry.pause, (centre))
                : kind % 4 == 1
                    ? abi.encodeCall(ICentreRegistry.distrust, (centre, SEAL, hex"01"))
                    : kind % 4 == 2
                        ? abi.encodeCall(ICentreRegistry.unpause, (centre))
                        : abi.encodeCall(ICentreRegistry.retrust, (centre, SEAL, hex"01"));
        VM.prank(sender);
        (bool done, ) = address(registry).call(data);
        if (done && (!guards || kind % 4 > 1)) broken = "obeyed a stranger";
        ICentreRegistry.Centre memory afterwards = registry.centre(centre);
        if (before.paused && !afterwards.paused) broken = "unpaused by an account of a centre";
    }

    /// @dev Every account sits at exactly the place where its centre's record names it, and at no other.
    function seatsAgree() external view returns (bool) {
        bytes32[] memory codes = registry.centres();
        uint256 seated = 0;
        for (uint256 i = 0; i < codes.length; i++) {
            ICentreRegistry.Accounts memory named = registry.centre(codes[i]).accounts;
            if (!sits(named.anchorer, codes[i], ICentreRegistry.Role.Anchorer)) return false;
            if (!sits(named.statusWriter, codes[i], ICentreRegistry.Role.StatusWriter)) return false;
            if (!sits(named.lister, codes[i], ICentreRegistry.Role.Lister)) return false;
            if (!sits(named.guardian, codes[i], ICentreRegistry.Role.Guardian)) return false;
            if (named.anchorer <= address(ACCOUNTS)) seated += 1;
            if (named.statusWriter <= address(ACCOUNTS)) seated += 1;
            if (named.lister <= address(ACCOUNTS)) seated += 1;
            if (named.guardian <= address(ACCOUNTS)) seated += 1;
        }
        for (uint160 account = 0; account <= ACCOUNTS; account++) {
            (, ICentreRegistry.Role role) = registry.centreOf(address(account));
            if (role != ICentreRegistry.Role.None) seated -= 1;
        }
        return seated == 0;
    }

    function removedStayRemoved() external view returns (bool) {
        bytes32[] memory codes = registry.centres();
        for (uint256 i = 0; i < codes.length; i++) {
            ICentreRegistry.Centre memory centre = registry.centre(codes[i]);
            if (removedOnce[codes[i]] != (centre.removedAt != 0)) return false;
            if (centre.removedAt == 0) continue;
            if (writes(centre.accounts)) return false;
        }
        return true;
    }

    function writes(ICentreRegistry.Accounts memory accounts) private view returns (bool) {
        try registry.anchorerOf(accounts.anchorer) {
            return true;
        } catch {} // solhint-disable-line no-empty-blocks
        try registry.statusWriterOf(accounts.statusWriter) {
            return true;
        } catch {} // solhint-disable-line no-empty-blocks
        try registry.listerOf(accounts.lister) {
            return true;
        } catch {} // solhint-disable-line no-empty-blocks
        try registry.guardianOf(accounts.guardian) {
            return true;
        } catch {
            return false;
        }
    }

    function sits(address account, bytes32 code, ICentreRegistry.Role role) private view returns (bool) {
        (bytes32 centre, ICentreRegistry.Role actual) = registry.centreOf(account);
        return centre == code && actual == role;
    }

    function pick(uint160[4] calldata seeds) private pure returns (ICentreRegistry.Accounts memory) {
        return
            ICentreRegistry.Accounts(
                address(uint160(between(seeds[0], 0, ACCOUNTS))),
                address(uint160(between(seeds[1], 1, ACCOUNTS))),
                address(uint160(between(seeds[2], 1, ACCOUNTS))),
                address(uint160(between(seeds[3], 1, ACCOUNTS)))
            );
    }

    function anyCentre(uint256 seed) private view returns (bytes32) {
        bytes32[] memory codes = registry.centres();
        return codes[seed % codes.length];
    }
}

contract CentreRegistryTest is Support {
    RegistryHandler internal handler;

    function setUp() public {
        handler = new RegistryHandler();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory selectors = new bytes4[](5);
        selectors[0] = RegistryHandler.admit.selector;
        selectors[1] = RegistryHandler.rotate.selector;
        selectors[2] = RegistryHandler.remove.selector;
        selectors[3] = RegistryHandler.setEpoch.selector;
        selectors[4] = RegistryHandler.attack.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), selectors);
    }

    /// @notice R2: an account has one role at one centre, the one that the centre's record names.
    function invariant_everyAccountHasOneRole() public view {
        require(handler.seatsAgree(), "seats and records differ");
    }

    /// @notice R5: a removed centre never comes back and none of its accounts passes a look-up.
    function invariant_removedStayRemoved() public view {
        require(handler.removedStayRemoved(), "a removed centre came back");
    }

    /// @notice R1, R4, R6: epochs only grow; no account of a centre does more than pause and distrust as its guardian.
    function invariant_onlyTheOwnerGives() public view {
        require(bytes(handler.broken()).length == 0, handler.broken());
    }

    /// @notice R7: a key comes back as it was added, whatever its bytes.
    function testFuzz_keysComeBackAsAdded(bytes32 kind, bytes calldata value, uint64 from, uint64 until) public {
        bool valid = value.length > 0 && value.length <= 1024 && from > 0 && (until == 0 || until > from);
        try registry.addKey(HAINAN, kind, value, from, until) {
            require(valid, "accepted");
            ICentreRegistry.DatedKey memory key = registry.key(HAINAN, kind, value);
            require(key.from == from && key.until == until && key.distrustedSince == 0, "differs");
        } catch {
            require(!valid, "refused");
        }
    }
}
