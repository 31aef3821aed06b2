namespace RawSocketChat.Protocol.Chat;

/// <summary>A user, as frames show it.</summary>
/// <param name="User">The stable id, which stays the same when the name changes.</param>
/// <param name="Name">The name at the time of the frame.</param>
public sealed record Person(string User, string Name);
