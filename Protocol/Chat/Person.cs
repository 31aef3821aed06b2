namespace RawSocketChat.Protocol.Chat;

/// <summary>A user or a bot, as frames show it.</summary>
/// <param name="User">The stable id, which stays the same when the name changes.</param>
/// <param name="Name">The name at the time of the frame.</param>
/// <param name="Bot">Whether this is a bot: a program that posts with the token of a room.</param>
/// <param name="Role">In lists of members: <c>owner</c> or <c>moderator</c>; null for all other members. In all other frames: null.</param>
public sealed record Person(string User, string Name, bool Bot = false, string? Role = null);
