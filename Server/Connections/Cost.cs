namespace RawSocketChat.Server.Connections;

/// <summary>The prices of what clients do, in points of their address's account. See <see cref="AddressOptions"/>.</summary>
public static class Cost
{
    /// <summary>A connection on any transport.</summary>
    public const int Connection = 5;

    /// <summary>A session of a new guest, or of a login with a token of the operator's own site.</summary>
    public const int Guest = 20;

    /// <summary>A new room, which the server stores.</summary>
    public const int Room = 200;

    /// <summary>A request that sends a frame to every member of a room, such as <c>join</c> or <c>nick</c>.</summary>
    public const int Announcement = 5;

    /// <summary>Any other request.</summary>
    public const int Request = 1;

    /// <summary>A request that gets an error other than <c>rate-limited</c>, in addition to the price of the request.</summary>
    public const int Error = 2;

    /// <summary>
    /// A look-up: of similar names if a room does not exist, of the user in <c>invite</c> or <c>dm</c>, or of the host of a new webhook.
    /// </summary>
    public const int UnknownName = 5;

    /// <summary>A search for messages, in addition to the price of the request. A search may take some milliseconds.</summary>
    public const int Search = 10;

    /// <summary>The price of the time that a search took, in addition to <see cref="Search"/>. Other searches wait during this time.</summary>
    public static int ForSearch(TimeSpan took) => (int)(took.TotalMilliseconds / 5);

    /// <summary>A request that stores or removes a push subscription. To store it, the server looks up the host of the push service.</summary>
    public const int Subscription = 10;

    /// <summary>A mention of a name that no connected user has. The server must look for an account with this name.</summary>
    public const int MentionLookup = 2;

    /// <summary>A message or topic of the given size: the server stores it and sends it to every member of the room.</summary>
    public static int ForPost(int bytes) => 2 + (bytes / 1024);

    /// <summary>An upload, in addition to the price of its bytes.</summary>
    public const int Upload = 10;

    /// <summary>An upload or a download of the given size: 4 points for a megabyte.</summary>
    public static int ForFile(long bytes) => (int)Math.Min(bytes / (256 * 1024), 1_000_000);

    /// <summary>A page of history of the given size.</summary>
    public static int ForHistory(int bytes) => bytes / (16 * 1024);
}
