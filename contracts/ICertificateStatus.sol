// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {IDailyCap} from "./IDailyCap.sol";

/// @title Which certificates are revoked, by the centre's status index.
/// @notice Every certificate has a number of its own at its centre, written in its record, leaf and QR when it is
/// drawn. Reasons: 1 error in the record, 2 obtained by fraud, 3 superseded, 4 cancelled by the holder, 5 key
/// compromised, 6 other.
interface ICertificateStatus is IDailyCap {
    /// @notice A certificate was revoked, for this reason, at this time (Unix seconds).
    event Revoked(bytes32 indexed centre, uint64 indexed index, uint8 reason, uint64 time);
    /// @notice A revocation was undone within its day.
    event Reinstated(bytes32 indexed centre, uint64 indexed index, uint64 time);

    /// @notice Reasons are 1 to 6.
    error UnknownReason(uint8 reason);
    /// @notice The certificate was revoked more than 24 hours ago.
    error RevocationFinal(bytes32 centre, uint64 index);

    /// @notice Revokes certificates of the sender's centre, all or none. By its status writer. Those already revoked
    /// are passed over, keep their reason and time, and do not count for the daily cap.
    /// @param indexes Status indexes, in any order; cheapest when they are neighbours.
    /// @param reason The same for all, 1 to 6.
    function revoke(uint64[] calldata indexes, uint8 reason) external;

    /// @notice Undoes revocations of the sender's centre, all or none, up to 24 hours after each. By its guardian,
    /// paused or not. Those not revoked are passed over. What was used of the daily cap stays used.
    function reinstate(uint64[] calldata indexes) external;

    /// @notice Whether a certificate is revoked.
    function isRevoked(bytes32 centre, uint64 index) external view returns (bool);

    /// @notice 256 certificates at once: bit i says whether index 256 * wordIndex + i is revoked.
    function word(bytes32 centre, uint256 wordIndex) external view returns (uint256);

    /// @notice How many certificates the centre may still revoke today.
    function leftToday(bytes32 centre) external view returns (uint32);
}
