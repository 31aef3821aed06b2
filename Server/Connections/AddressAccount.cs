namespace RawSocketChat.Server.Connections;

/// <summary>
/// The account of one client address: the points that are left, and the limits for guests. All connections of the address share it. Thread-safe.
/// </summary>
public sealed class AddressAccount
{
    private const long KibibyteBytes = 1024;

    /// <summary>The account of connections that cost nothing.</summary>
    public static readonly AddressAccount Unlimited = new(null, 0, null);

    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    private readonly RateLimit? _points;
    private readonly RateLimit? _guestFileKibibytes;
    private readonly TimeProvider? _time;
    private readonly int _guestRoomsPerDay;

    // The times at which guests of the address created rooms, as timestamps, oldest first. The list has at most _guestRoomsPerDay entries. The list
    // object itself is the lock.
    private readonly List<long> _guestRooms = [];

    /// <param name="rate">The points that the address gets; null for no limit.</param>
    /// <param name="guestRoomsPerDay">The number of rooms that the guests of the address may create in 24 hours.</param>
    /// <param name="guestFiles">The rate of stored files in KiB, for the guests of the address; null for no limit.</param>
    internal AddressAccount(Rate? rate, int guestRoomsPerDay, Rate? guestFiles)
    {
        _points = rate is null ? null : new RateLimit(rate);
        _guestFileKibibytes = guestFiles is null ? null : new RateLimit(guestFiles);
        (_time, _guestRoomsPerDay) = (rate?.Time, guestRoomsPerDay);
    }

    /// <summary>The open connections of the address. The lock of <see cref="AddressAccounts"/> guards this property.</summary>
    internal int Connections { get; set; }

    internal bool IsUnlimited => _points is null;

    /// <summary>Whether the account may be removed: the address has no open connection, and no part of its limits is used up.</summary>
    internal bool IsUnused => Connections == 0 && IsFull(_points) && IsFull(_guestFileKibibytes) && !HasGuestRooms();

    /// <summary>Takes points. Returns false, and takes none, if too few are left.</summary>
    /// <param name="points">The price of a request, from <see cref="Cost"/>.</param>
    /// <param name="retryAfterMs">Milliseconds until there are enough points, if the result is false; otherwise 0.</param>
    public bool TryCharge(int points, out int retryAfterMs)
    {
        retryAfterMs = 0;
        return _points is null || _points.TryTake(points, out retryAfterMs);
    }

    /// <summary>
    /// Takes points for work that is already done, even if too few points are left. Later requests are then rejected until enough points come back.
    /// </summary>
    public void Charge(int points) => _points?.Overdraw(points);

    /// <summary>Counts a room that a guest creates. Returns false if the guests of the address have created too many rooms in the last 24 hours.</summary>
    /// <param name="retryAfterMs">Milliseconds until a guest may create the next room, if the result is false; otherwise 0.</param>
    public bool TryTakeGuestRoom(out int retryAfterMs)
    {
        retryAfterMs = 0;
        if (_time is null)
            return true;
        lock (_guestRooms)
        {
            RemoveOldGuestRooms();
            if (_guestRooms.Count < _guestRoomsPerDay)
            {
                _guestRooms.Add(_time.GetTimestamp());
                return true;
            }

            var left = _guestRooms.Count == 0 ? Day : Day - _time.GetElapsedTime(_guestRooms[0]);
            retryAfterMs = (int)Math.Ceiling(left.TotalMilliseconds);
            return false;
        }
    }

    /// <summary>Undoes one <see cref="TryTakeGuestRoom"/>, because the room was not created.</summary>
    public void GiveBackGuestRoom()
    {
        lock (_guestRooms)
        {
            if (_guestRooms.Count > 0)
                _guestRooms.RemoveAt(_guestRooms.Count - 1);
        }
    }

    /// <summary>
    /// Counts the bytes of a file that a guest stores. Returns false, and counts nothing, if the guests of the address have too few bytes
    /// left.
    /// </summary>
    public bool TryTakeGuestFile(long bytes) =>
        _guestFileKibibytes is null || (bytes <= int.MaxValue * KibibyteBytes && _guestFileKibibytes.TryTake(ToKibibytes(bytes), out _));

    /// <summary>Undoes one successful <see cref="TryTakeGuestFile"/>, because the file was not stored.</summary>
    public void GiveBackGuestFile(long bytes) => _guestFileKibibytes?.GiveBack(ToKibibytes(bytes));

    private static bool IsFull(RateLimit? limit) => limit is null || limit.TimeUntilFull == TimeSpan.Zero;

    private static int ToKibibytes(long bytes) => (int)((bytes + KibibyteBytes - 1) / KibibyteBytes);

    private bool HasGuestRooms()
    {
        lock (_guestRooms)
        {
            RemoveOldGuestRooms();
            return _guestRooms.Count > 0;
        }
    }

    // The caller holds the lock.
    private void RemoveOldGuestRooms()
    {
        var count = _guestRooms.TakeWhile(createdAt => _time!.GetElapsedTime(createdAt) >= Day).Count();
        _guestRooms.RemoveRange(0, count);
    }
}
