using System.Text.Json.Serialization;

namespace RawSocketChat.Tests.Nodes;

/// <summary>An operation or an observation of a client.</summary>
/// <param name="Client">The client's name.</param>
/// <param name="Room">The room.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "what")]
[JsonDerivedType(typeof(Sent), "sent")]
[JsonDerivedType(typeof(Acknowledged), "acknowledged")]
[JsonDerivedType(typeof(Failed), "failed")]
[JsonDerivedType(typeof(Joined), "joined")]
[JsonDerivedType(typeof(Delivered), "delivered")]
[JsonDerivedType(typeof(Lost), "lost")]
internal abstract record HistoryRecord(string Client, string Room)
{
    /// <summary>The client sends a message. It may send the same message again.</summary>
    /// <param name="Id">The client id, which is also the text of the message.</param>
    public sealed record Sent(string Client, string Room, string Id) : HistoryRecord(Client, Room);

    /// <summary>The client gets the ack of a message.</summary>
    public sealed record Acknowledged(string Client, string Room, string Id, long Seq, bool IsDuplicate) : HistoryRecord(Client, Room);

    /// <summary>The client gets an error instead of an ack. The message may be stored anyway.</summary>
    public sealed record Failed(string Client, string Room, string Id) : HistoryRecord(Client, Room);

    /// <summary>The client joins a room on a new connection.</summary>
    /// <param name="After">The seq after which the client wants the events.</param>
    /// <param name="IsRecovered">True if the server says that no event after the cursor is lost.</param>
    public sealed record Joined(string Client, string Room, string Epoch, long After, bool IsRecovered) : HistoryRecord(Client, Room);

    /// <summary>The client gets a message.</summary>
    public sealed record Delivered(string Client, string Room, long Seq, string Text) : HistoryRecord(Client, Room);

    /// <summary>The client has received a gap: the server no longer has these events.</summary>
    public sealed record Lost(string Client, string Room, long From, long To) : HistoryRecord(Client, Room);
}
