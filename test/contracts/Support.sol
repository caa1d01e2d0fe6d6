// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {Blacklist} from "../../contracts/Blacklist.sol";
import {CentreRegistry} from "../../contracts/CentreRegistry.sol";
import {CertificateStatus} from "../../contracts/CertificateStatus.sol";
import {CheckpointAnchor} from "../../contracts/CheckpointAnchor.sol";
import {ICentreRegistry} from "../../contracts/ICentreRegistry.sol";

/// @notice The few cheats of the test machine that these tests use.
interface Vm {
    function prank(address sender) external;
    function warp(uint256 time) external;
}

/// @notice A registry with two centres, and the contracts that ask it. The test or handler itself is the owner.
abstract contract Support {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    Vm internal constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bytes32 internal constant HAINAN = "C46010";
    bytes32 internal constant TAIYUAN = "C14010";
    uint256 internal constant START = 1_800_000_000;

    CentreRegistry internal registry;
    CheckpointAnchor internal anchors;
    CertificateStatus internal status;
    Blacklist internal blacklist;

    constructor() {
        VM.warp(START);
        registry = new CentreRegistry(address(this));
        anchors = new CheckpointAnchor(registry);
        status = new CertificateStatus(registry);
        blacklist = new Blacklist(registry);
        registry.admit(HAINAN, "Hainan", "1", "https://hainan.example", accountsFrom(0x1000));
        registry.admit(TAIYUAN, "Taiyuan", "2", "https://taiyuan.example", accountsFrom(0x2000));
    }

    function accountsFrom(uint160 first) internal pure returns (ICentreRegistry.Accounts memory) {
        return ICentreRegistry.Accounts(address(first), address(first + 1), address(first + 2), address(first + 3));
    }

    function centreFor(uint256 seed) internal pure returns (bytes32) {
        return seed % 2 == 0 ? HAINAN : TAIYUAN;
    }

    function accountsFor(uint256 seed) internal pure returns (ICentreRegistry.Accounts memory) {
        return accountsFrom(seed % 2 == 0 ? 0x1000 : 0x2000);
    }

    /// @dev Any of a centre's four accounts, the owner, or an outsider.
    function anyone(uint256 seed) internal view returns (address) {
        if (seed % 10 == 8) return address(this);
        if (seed % 10 == 9) return address(0x9999);
        return address(uint160(seed % 10 < 4 ? 0x1000 : 0x2000) + uint160(seed % 4));
    }

    function between(uint256 seed, uint256 low, uint256 high) internal pure returns (uint256) {
        return low + (seed % (high - low + 1));
    }

    /// @dev Time passes by up to nine hours: several steps a day, several days a run.
    function passTime(uint256 seed) internal {
        VM.warp(block.timestamp + between(seed, 0, 9 hours));
    }

    /// @dev Sometimes a centre is paused or unpaused.
    function maybePause(uint256 seed) internal {
        if (seed % 16 == 3) registry.pause(centreFor(seed >> 8));
        if (seed % 16 >= 12) registry.unpause(centreFor(seed >> 8));
    }

    function paused(bytes32 centre) internal view returns (bool) {
        return registry.centre(centre).paused;
    }
}
