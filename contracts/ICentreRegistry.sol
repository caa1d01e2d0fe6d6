// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// @title Which centres exist, which accounts write for them, and which keys speak for them, from when to when.
/// @notice A centre is named by its code in ASCII, left-aligned in 32 bytes ("C46010"). The owner stands for the
/// members together: first the deployer, later the vote. Times are Unix seconds, UTC. What is already so can be set
/// again: that changes nothing and emits nothing; only `admit` and `addKey` refuse what exists. The events alone
/// rebuild the whole state.
interface ICentreRegistry {
    /// @notice What an account may do for its centre. An account has one role at one centre.
    enum Role {
        None,
        Anchorer,
        StatusWriter,
        Lister,
        Guardian
    }

    /// @notice The four accounts of a centre: three that write every day, and a cold guardian that can only protect.
    struct Accounts {
        address anchorer;
        address statusWriter;
        address lister;
        address guardian;
    }

    /// @notice A centre as it stands now.
    /// @param name Its name, in Chinese.
    /// @param creditCode Its unified social credit code.
    /// @param serviceUrl Where its service answers.
    /// @param accounts Its four accounts; those of a removed centre are kept, so that nobody else can take them.
    /// @param logEpoch The epoch of its log; 1 on admission.
    /// @param admittedAt When it was admitted.
    /// @param removedAt When it was removed; 0 while it is a member.
    /// @param paused Whether its writing accounts are stopped.
    struct Centre {
        string name;
        string creditCode;
        string serviceUrl;
        Accounts accounts;
        uint32 logEpoch;
        uint64 admittedAt;
        uint64 removedAt;
        bool paused;
    }

    /// @notice When a key counts: at a time t with from <= t, and t < until unless until is 0, and
    /// t < distrustedSince unless distrustedSince is 0.
    struct DatedKey {
        uint64 from;
        uint64 until;
        uint64 distrustedSince;
    }

    /// @notice A centre became a member. Its log epoch is 1, it is not paused, it has no keys yet.
    event CentreAdmitted(bytes32 indexed centre, string name, string creditCode, string serviceUrl, Accounts accounts);
    /// @notice A centre's service moved.
    event ServiceUrlSet(bytes32 indexed centre, string serviceUrl);
    /// @notice All four accounts of a centre were replaced; an account not named here has no role any more.
    event AccountsSet(bytes32 indexed centre, Accounts accounts);
    /// @notice A centre is no longer a member.
    event CentreRemovedEvent(bytes32 indexed centre);
    /// @notice A new log of a centre begins.
    event LogEpochSet(bytes32 indexed centre, uint32 epoch);
    /// @notice The contract that the members use under this name from now on.
    event ContractSet(bytes32 indexed name, address account);
    /// @notice A key was registered, with the time it counts from and until (0: open).
    event KeyAdded(bytes32 indexed centre, bytes32 indexed kind, bytes value, uint64 from, uint64 until);
    /// @notice A key retires at this time.
    event KeyEnded(bytes32 indexed centre, bytes32 indexed kind, bytes value, uint64 until);
    /// @notice A key does not count from this time on. A later such event replaces the time.
    event KeyDistrusted(bytes32 indexed centre, bytes32 indexed kind, bytes value, uint64 since);
    /// @notice A distrust was taken back in full.
    event KeyRetrusted(bytes32 indexed centre, bytes32 indexed kind, bytes value);
    /// @notice The writing accounts of a centre are stopped.
    event CentrePausedEvent(bytes32 indexed centre);
    /// @notice The writing accounts of a centre may write again.
    event CentreUnpaused(bytes32 indexed centre);

    /// @notice The account does not have the role that the look-up asks for.
    error NotACentreAccount(address account);
    /// @notice The centre is paused.
    error CentrePaused(bytes32 centre);
    /// @notice The centre was removed.
    error CentreRemoved(bytes32 centre);
    /// @notice No centre was ever admitted under this code.
    error UnknownCentre(bytes32 centre);
    /// @notice This code is taken, by a member or by a centre removed earlier.
    error CentreExists(bytes32 centre);
    /// @notice A centre's code cannot be empty.
    error EmptyCentreCode();
    /// @notice An account of a centre cannot be the zero address.
    error ZeroAccount();
    /// @notice The account already has a role, at this centre or another.
    error AccountInUse(address account, bytes32 centre);
    /// @notice A log epoch only grows.
    error EpochNotGrowing(bytes32 centre, uint32 current, uint32 given);
    /// @notice There is no code at this address.
    error NotAContract(address account);
    /// @notice No contract has this name.
    error UnknownContract(bytes32 name);
    /// @notice A key has 1 to 1024 bytes.
    error KeyLength(uint256 length);
    /// @notice The centre has this key already, whether it still counts or not.
    error KeyExists(bytes32 centre, bytes32 kind, bytes value);
    /// @notice The centre never had this key.
    error UnknownKey(bytes32 centre, bytes32 kind, bytes value);
    /// @notice A key counts from a time after 0 until a later time (or 0: open).
    error InvalidPeriod(uint64 from, uint64 until);
    /// @notice A key cannot be retired in the past; that would be a distrust.
    error EndInPast(uint64 until, uint64 currentTime);
    /// @notice The key has retired already; what has ended does not come back.
    error KeyHasEnded(uint64 until);
    /// @notice A distrust begins after 0 and not in the future.
    error InvalidDistrustTime(uint64 since, uint64 currentTime);
    /// @notice Only the guardian of this centre, or the owner, may do this.
    error NotGuardianOrOwner(address account, bytes32 centre);
    /// @notice A registry without owner could neither re-trust nor unpause for ever.
    error OwnershipCannotBeRenounced();

    /// @notice Makes a centre a member, with log epoch 1. Owner only.
    /// @param code Its code; one never used before, since a removed centre's history stays under its code.
    /// @param name Its name, in Chinese.
    /// @param creditCode Its unified social credit code.
    /// @param serviceUrl Where its service answers.
    /// @param accounts Four different accounts without a role at any centre.
    function admit(
        bytes32 code,
        string calldata name,
        string calldata creditCode,
        string calldata serviceUrl,
        Accounts calldata accounts
    ) external;

    /// @notice Says where a member's service answers. Owner only.
    function setServiceUrl(bytes32 code, string calldata serviceUrl) external;

    /// @notice Replaces all four accounts of a member at once, paused or not; accounts may stay or change places.
    /// Owner only. The old accounts lose their role in the same transaction and may be given one again.
    function setAccounts(bytes32 code, Accounts calldata accounts) external;

    /// @notice Ends a membership for good. Owner only. What the centre wrote and its keys stay readable; only the
    /// owner can still end, distrust or re-trust its keys. For a time, pause instead.
    function remove(bytes32 code) external;

    /// @notice Begins a new log of a member after the old one could not be saved. Owner only; only larger.
    function setLogEpoch(bytes32 code, uint32 epoch) external;

    /// @notice Names the contract that the members use from now on; earlier ones stay readable where they are. Owner only.
    /// @param name For instance "CheckpointAnchor", ASCII, left-aligned.
    /// @param account A contract on this chain.
    function setContract(bytes32 name, address account) external;

    /// @notice Registers a key of a member. Owner only. Neither the kinds nor the meaning of the bytes are fixed
    /// here, so that later parts can register theirs without a new registry.
    /// @param code The member.
    /// @param kind What the key is for, ASCII, left-aligned: "log", "witness", "member" (Ed25519, 32 bytes), "qr"
    /// (uncompressed P-256, 65 bytes), "seal" (SHA-256 of the seal certificate), and others.
    /// @param value The key, 1 to 1024 bytes. A centre has the same kind and value once.
    /// @param from When it begins to count; may be past or future.
    /// @param until When it stops; 0: open.
    function addKey(bytes32 code, bytes32 kind, bytes calldata value, uint64 from, uint64 until) external;

    /// @notice Sets the orderly end of a key that has not ended yet. Owner only.
    /// @param until Not before now and after the key's beginning; what existed before it stays good.
    function endKey(bytes32 code, bytes32 kind, bytes calldata value, uint64 until) external;

    /// @notice Distrusts a key from now on. By the centre's guardian, paused or not, while it is a member; or by the
    /// owner. A key already distrusted keeps its earlier time.
    function distrust(bytes32 code, bytes32 kind, bytes calldata value) external;

    /// @notice Sets the time from which a key is distrusted, earlier or later than before. Owner only.
    /// @param since After 0 and not in the future.
    function distrustSince(bytes32 code, bytes32 kind, bytes calldata value, uint64 since) external;

    /// @notice Takes a distrust back in full. Owner only.
    function retrust(bytes32 code, bytes32 kind, bytes calldata value) external;

    /// @notice Stops the anchorer, the status writer and the lister of a member at once, in every contract. By its
    /// guardian or the owner.
    function pause(bytes32 code) external;

    /// @notice Lets a paused member write again. Owner only.
    function unpause(bytes32 code) external;

    /// @notice The owner: the members together.
    function owner() external view returns (address);

    /// @notice The role that an account has and where, whether or not it may use it now; zero and None if it has none.
    function centreOf(address account) external view returns (bytes32 code, Role role);

    /// @notice The centre that this account anchors for, and its current log epoch. Reverts unless it may do so now.
    function anchorerOf(address account) external view returns (bytes32 code, uint32 epoch);

    /// @notice The centre that this account writes certificate status for. Reverts unless it may do so now.
    function statusWriterOf(address account) external view returns (bytes32 code);

    /// @notice The centre that this account lists for. Reverts unless it may do so now.
    function listerOf(address account) external view returns (bytes32 code);

    /// @notice The centre that this account guards. Reverts if it guards none or its centre was removed. It does not
    /// revert for a paused centre: undoing what a thief revoked has a time limit that does not wait for the members
    /// to unpause.
    function guardianOf(address account) external view returns (bytes32 code);

    /// @notice A centre as it stands, members and removed ones alike. Reverts for an unknown code.
    function centre(bytes32 code) external view returns (Centre memory);

    /// @notice The codes of all centres ever admitted, in the order of admission.
    function centres() external view returns (bytes32[] memory);

    /// @notice The contract that the members use under this name. Reverts if there is none.
    function contractOf(bytes32 name) external view returns (address);

    /// @notice When a key counts. Reverts for a key never registered, so that nobody reads zeros as "open".
    function key(bytes32 code, bytes32 kind, bytes calldata value) external view returns (DatedKey memory);
}
