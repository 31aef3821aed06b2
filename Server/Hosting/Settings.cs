namespace RawSocketChat.Server.Hosting;

internal static class Settings
{
    /// <summary>A section of the settings as they are at the start, before there are services to ask; what is not set has its default.</summary>
    public static T Read<T>(this IConfiguration configuration, string section)
        where T : class, new() => configuration.GetSection(section).Get<T>() ?? new T();
}
