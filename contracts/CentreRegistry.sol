// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {ICentreRegistry} from "./ICentreRegistry.sol";

/// @title CentreRegistry
/// @notice What it promises stands in {ICentreRegistry}.
contract CentreRegistry is ICentreRegistry, Ownable2Step {
    struct Seat {
        bytes32 centre;
        Role role;
    }

    uint256 private constant MAX_KEY_BYTES = 1024;

    bytes32[] private _codes;
    mapping(bytes32 code => Centre centre) private _centres;
    mapping(address account => Seat seat) private _seats;
    mapping(bytes32 name => address account) private _contracts;
    mapping(bytes32 code => mapping(bytes32 kind => mapping(bytes32 valueHash => DatedKey key))) private _keys;

    modifier onlyMember(bytes32 code) {
        _requireMember(code);
        _;
    }

    constructor(address firstOwner) Ownable(firstOwner) {}

    /// @inheritdoc ICentreRegistry
    function admit(
        bytes32 code,
        string calldata name,
        string calldata creditCode,
        string calldata serviceUrl,
        Accounts calldata accounts
    ) external onlyOwner {
        if (code == 0) revert EmptyCentreCode();
        Centre storage admitted = _centres[code];
        if (admitted.admittedAt != 0) revert CentreExists(code);

        _codes.push(code);
        admitted.name = name;
        admitted.creditCode = creditCode;
        admitted.serviceUrl = serviceUrl;
        admitted.logEpoch = 1;
        admitted.admittedAt = _currentTime();
        admitted.accounts = accounts;
        _seat(code, accounts);
        emit CentreAdmitted(code, name, creditCode, serviceUrl, accounts);
    }

    /// @inheritdoc ICentreRegistry
    function setServiceUrl(bytes32 code, string calldata serviceUrl) external onlyOwner onlyMember(code) {
        Centre storage member = _centres[code];
        if (keccak256(bytes(member.serviceUrl)) == keccak256(bytes(serviceUrl))) return;
        member.serviceUrl = serviceUrl;
        emit ServiceUrlSet(code, serviceUrl);
    }

    /// @inheritdoc ICentreRegistry
    function setAccounts(bytes32 code, Accounts calldata accounts) external onlyOwner onlyMember(code) {
        Accounts memory old = _centres[code].accounts;
        if (keccak256(abi.encode(old)) == keccak256(abi.encode(accounts))) return;

        // All old seats are cleared before the new ones are given, so that accounts of one centre can change places.
        delete _seats[old.anchorer];
        delete _seats[old.statusWriter];
        delete _seats[old.lister];
        delete _seats[old.guardian];
        _centres[code].accounts = accounts;
        _seat(code, accounts);
        emit AccountsSet(code, accounts);
    }

    /// @inheritdoc ICentreRegistry
    function remove(bytes32 code) external onlyOwner {
        if (_known(code).removedAt != 0) return;
        // The seats stay: a look-up then says that the centre was removed, and no other centre can take its accounts.
        _centres[code].removedAt = _currentTime();
        emit CentreRemovedEvent(code);
    }

    /// @inheritdoc ICentreRegistry
    function setLogEpoch(bytes32 code, uint32 epoch) external onlyOwner onlyMember(code) {
        Centre storage member = _centres[code];
        if (epoch == member.logEpoch) return;
        if (epoch < member.logEpoch) revert EpochNotGrowing(code, member.logEpoch, epoch);
        member.logEpoch = epoch;
        emit LogEpochSet(code, epoch);
    }

    /// @inheritdoc ICentreRegistry
    function setContract(bytes32 name, address account) external onlyOwner {
        if (account.code.length == 0) revert NotAContract(account);
        if (_contracts[name] == account) return;
        _contracts[name] = account;
        emit ContractSet(name, account);
    }

    /// @inheritdoc ICentreRegistry
    function addKey(
        bytes32 code,
        bytes32 kind,
        bytes calldata value,
        uint64 from,
        uint64 until
    ) external onlyOwner onlyMember(code) {
        if (value.length == 0 || value.length > MAX_KEY_BYTES) revert KeyLength(value.length);
        if (from == 0 || (until != 0 && until <= from)) revert InvalidPeriod(from, until);
        DatedKey storage added = _keys[code][kind][keccak256(value)];
        if (added.from != 0) revert KeyExists(code, kind, value);
        added.from = from;
        added.until = until;
        emit KeyAdded(code, kind, value, from, until);
    }

    /// @inheritdoc ICentreRegistry
    function endKey(bytes32 code, bytes32 kind, bytes calldata value, uint64 until) external onlyOwner {
        DatedKey storage ended = _knownKey(code, kind, value);
        uint64 currentTime = _currentTime();
        if (until == ended.until && until != 0) return;
        if (ended.until != 0 && ended.until <= currentTime) revert KeyHasEnded(ended.until);
        if (until < currentTime) revert EndInPast(until, currentTime);
        if (until <= ended.from) revert InvalidPeriod(ended.from, until);
        ended.until = until;
        emit KeyEnded(code, kind, value, until);
    }

    /// @inheritdoc ICentreRegistry
    function distrust(bytes32 code, bytes32 kind, bytes calldata value) external {
        _requireGuardianOrOwner(code);
        DatedKey storage distrusted = _knownKey(code, kind, value);
        if (distrusted.distrustedSince != 0) return;
        _distrust(distrusted, code, kind, value, _currentTime());
    }

    /// @inheritdoc ICentreRegistry
    function distrustSince(bytes32 code, bytes32 kind, bytes calldata value, uint64 since) external onlyOwner {
        if (since == 0 || since > _currentTime()) revert InvalidDistrustTime(since, _currentTime());
        DatedKey storage distrusted = _knownKey(code, kind, value);
        if (distrusted.distrustedSince == since) return;
        _distrust(distrusted, code, kind, value, since);
    }

    /// @inheritdoc ICentreRegistry
    function retrust(bytes32 code, bytes32 kind, bytes calldata value) external onlyOwner {
        DatedKey storage trusted = _knownKey(code, kind, value);
        if (trusted.distrustedSince == 0) return;
        trusted.distrustedSince = 0;
        emit KeyRetrusted(code, kind, value);
    }

    /// @inheritdoc ICentreRegistry
    function pause(bytes32 code) external {
        _requireGuardianOrOwner(code);
        _requireMember(code);
        if (_centres[code].paused) return;
        _centres[code].paused = true;
        emit CentrePausedEvent(code);
    }

    /// @inheritdoc ICentreRegistry
    function unpause(bytes32 code) external onlyOwner onlyMember(code) {
        if (!_centres[code].paused) return;
        _centres[code].paused = false;
        emit CentreUnpaused(code);
    }

    /// @inheritdoc ICentreRegistry
    function centreOf(address account) external view returns (bytes32 code, Role role) {
        return (_seats[account].centre, _seats[account].role);
    }

    /// @inheritdoc ICentreRegistry
    function anchorerOf(address account) external view returns (bytes32 code, uint32 epoch) {
        code = _writer(account, Role.Anchorer);
        epoch = _centres[code].logEpoch;
    }

    /// @inheritdoc ICentreRegistry
    function statusWriterOf(address account) external view returns (bytes32 code) {
        return _writer(account, Role.StatusWriter);
    }

    /// @inheritdoc ICentreRegistry
    function listerOf(address account) external view returns (bytes32 code) {
        return _writer(account, Role.Lister);
    }

    /// @inheritdoc ICentreRegistry
    function guardianOf(address account) external view returns (bytes32 code) {
        return _seated(account, Role.Guardian);
    }

    /// @inheritdoc ICentreRegistry
    function centre(bytes32 code) external view returns (Centre memory) {
        return _known(code);
    }

    /// @inheritdoc ICentreRegistry
    function centres() external view returns (bytes32[] memory) {
        return _codes;
    }

    /// @inheritdoc ICentreRegistry
    function contractOf(bytes32 name) external view returns (address account) {
        account = _contracts[name];
        if (account == address(0)) revert UnknownContract(name);
    }

    /// @inheritdoc ICentreRegistry
    function key(bytes32 code, bytes32 kind, bytes calldata value) external view returns (DatedKey memory) {
        return _knownKey(code, kind, value);
    }

    /// @inheritdoc ICentreRegistry
    function owner() public view override(Ownable, ICentreRegistry) returns (address) {
        return super.owner();
    }

    /// @notice Refused always.
    function renounceOwnership() public view override onlyOwner {
        revert OwnershipCannotBeRenounced();
    }

    function _seat(bytes32 code, Accounts calldata accounts) private {
        _seatOne(code, accounts.anchorer, Role.Anchorer);
        _seatOne(code, accounts.statusWriter, Role.StatusWriter);
        _seatOne(code, accounts.lister, Role.Lister);
        _seatOne(code, accounts.guardian, Role.Guardian);
    }

    function _seatOne(bytes32 code, address account, Role role) private {
        if (account == address(0)) revert ZeroAccount();
        Seat storage seat = _seats[account];
        if (seat.role != Role.None) revert AccountInUse(account, seat.centre);
        seat.centre = code;
        seat.role = role;
    }

    function _distrust(
        DatedKey storage distrusted,
        bytes32 code,
        bytes32 kind,
        bytes calldata value,
        uint64 since
    ) private {
        distrusted.distrustedSince = since;
        emit KeyDistrusted(code, kind, value, since);
    }

    function _writer(address account, Role role) private view returns (bytes32 code) {
        code = _seated(account, role);
        if (_centres[code].paused) revert CentrePaused(code);
    }

    function _seated(address account, Role role) private view returns (bytes32 code) {
        Seat storage seat = _seats[account];
        if (seat.role != role) revert NotACentreAccount(account);
        code = seat.centre;
        if (_centres[code].removedAt != 0) revert CentreRemoved(code);
    }

    function _requireMember(bytes32 code) private view {
        if (_known(code).removedAt != 0) revert CentreRemoved(code);
    }

    function _requireGuardianOrOwner(bytes32 code) private view {
        if (msg.sender == owner()) return;
        if (_seats[msg.sender].role != Role.Guardian || _seats[msg.sender].centre != code) {
            revert NotGuardianOrOwner(msg.sender, code);
        }
        _requireMember(code);
    }

    function _known(bytes32 code) private view returns (Centre storage found) {
        found = _centres[code];
        if (found.admittedAt == 0) revert UnknownCentre(code);
    }

    function _knownKey(bytes32 code, bytes32 kind, bytes calldata value) private view returns (DatedKey storage found) {
        found = _keys[code][kind][keccak256(value)];
        if (found.from == 0) revert UnknownKey(code, kind, value);
    }

    function _currentTime() private view returns (uint64) {
        return uint64(block.timestamp);
    }
}
