namespace RawSocketChat.Server.Connections;

/// <summary>
/// Bounds the memory that many clients can make the server hold for one purpose. Each holder adds its bytes to the budget. While the budget is
/// used up, a holder that has <see cref="FreeBytes"/> or more must not add bytes. A holder that has fewer bytes may always add more. So small
/// requests still work after other clients have used up the budget. Thread-safe.
/// </summary>
/// <param name="limitBytes">The bytes that all holders together may hold before the budget is used up.</param>
public sealed class ByteBudget(long limitBytes)
{
    /// <summary>The bytes that a holder may hold even if the budget is used up.</summary>
    public const int FreeBytes = 16 * 1024;

    private long _bytes;

    /// <summary>The bytes that all holders hold now.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    public void Add(long bytes) => Interlocked.Add(ref _bytes, bytes);

    public void Remove(long bytes) => Interlocked.Add(ref _bytes, -bytes);

    /// <summary>Whether all holders together hold the whole budget.</summary>
    public bool IsUsedUp => Bytes >= limitBytes;

    /// <summary>Whether a holder must not add bytes now.</summary>
    /// <param name="heldBytes">The bytes that this holder has added to the budget.</param>
    public bool IsUsedUpFor(long heldBytes) => heldBytes >= FreeBytes && IsUsedUp;
}
