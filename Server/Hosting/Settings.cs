namespace RawSocketChat.Server.Hosting;

internal static class Settings
{
    /// <summary>Reads a section of the settings before the services exist. Values that are not set have their defaults.</summary>
    public static T Read<T>(this IConfiguration configuration, string section)
        where T : class, new() => configuration.GetSection(section).Get<T>() ?? new T();
}
