// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title How much a centre's account may do in a day, so that a stolen key does bounded harm.
/// @notice Days are UTC days: in the two that midnight parts, twice the cap may happen within an hour.
interface IDailyCap {
    /// @notice The members gave this centre another cap.
    event DailyCapSet(bytes32 indexed centre, uint32 cap);

    /// @notice The call asks for more than is left today; none of it was done.
    error DailyCapReached(bytes32 centre, uint32 cap, uint256 left, uint256 wanted);
    /// @notice Only the owner of the registry sets caps.
    error NotRegistryOwner(address account);

    /// @notice Sets a centre's cap, from today on; 0 stops what the cap counts. By the registry's owner.
    function setDailyCap(bytes32 centre, uint32 cap) external;

    /// @notice A centre's cap; the default unless the members set another.
    function dailyCap(bytes32 centre) external view returns (uint32);
}
