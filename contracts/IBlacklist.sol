// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {IDailyCap} from "./IDailyCap.sol";

/// @title The joint blacklist: random ids, salted commitments, and states.
/// @notice A commitment is SHA-256 over a random salt, the blind tag and the terms. Nothing here is derived from a
/// person without that salt: a chain does not forget. Reasons to lift: 1 expired, 2 repaired, 3 revoked on objection,
/// 4 error, 5 other.
interface IBlacklist is IDailyCap {
    /// @notice What a listing is now. Lifted is final.
    enum State {
        None,
        Listed,
        Suspended,
        Lifted
    }

    /// @notice A centre listed someone, known by id and commitment only.
    event Listed(bytes32 indexed centre, bytes32 indexed id, bytes32 commitment);
    /// @notice The listing does not bar for now.
    event Suspended(bytes32 indexed centre, bytes32 indexed id);
    /// @notice The listing bars again.
    event Resumed(bytes32 indexed centre, bytes32 indexed id);
    /// @notice The listing ended, for this reason.
    event Lifted(bytes32 indexed centre, bytes32 indexed id, uint8 reason);

    /// @notice An id and a commitment cannot be zero.
    error ZeroIdOrCommitment(bytes32 id, bytes32 commitment);
    /// @notice The id names another listing, of this or another centre, perhaps lifted.
    error IdInUse(bytes32 id, bytes32 centre);
    /// @notice No listing has this id.
    error UnknownListing(bytes32 id);
    /// @notice The listing is another centre's.
    error NotListedBy(bytes32 id, bytes32 listingCentre, bytes32 centre);
    /// @notice The listing is lifted, for this reason; that is final.
    error AlreadyLifted(bytes32 id, uint8 reason);
    /// @notice Reasons are 1 to 5.
    error UnknownReason(uint8 reason);

    /// @notice Lists. By the lister. The same id and commitment by the same centre again changes nothing, whatever
    /// became of the listing. Counts for the daily cap on listings.
    /// @param id Random, used by nobody before.
    /// @param commitment SHA-256 over salt, tag and terms.
    function list(bytes32 id, bytes32 commitment) external;

    /// @notice Suspends a listing of the sender's centre. By the lister. Counts for the daily cap on releases.
    function suspend(bytes32 id) external;

    /// @notice Ends a suspension. By the lister of the listing centre.
    function resume(bytes32 id) external;

    /// @notice Ends a listing of the sender's centre for good. By the lister. The same reason again changes nothing.
    /// Counts for the daily cap on releases.
    /// @param id The listing.
    /// @param reason 1 to 5.
    function lift(bytes32 id, uint8 reason) external;

    /// @notice A listing; zeros and None if the id is unused.
    function listing(
        bytes32 id
    ) external view returns (bytes32 centre, bytes32 commitment, State state, uint64 listedAt);

    /// @notice How many listings and how many releases (suspended or lifted) the centre may still make today; the
    /// cap holds for each.
    function leftToday(bytes32 centre) external view returns (uint32 listings, uint32 releases);
}
