namespace RawSocketChat.Server.Hosting;

/// <summary>A setting that the server cannot start with. Its message is one line that names the setting.</summary>
public sealed class SettingException(string message) : Exception(message);
