namespace RawSocketChat.Protocol.Chat;

/// <summary>Somebody in a room.</summary>
/// <param name="User">The stable id: stays when the name changes.</param>
/// <param name="Name">The name at the time of the frame.</param>
public sealed record Person(string User, string Name);
