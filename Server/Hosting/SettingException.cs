namespace RawSocketChat.Server.Hosting;

/// <summary>A setting is invalid, so the server cannot start. The message is one line that names the setting.</summary>
public sealed class SettingException(string message) : Exception(message);
