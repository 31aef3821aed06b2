namespace RawSocketChat.Tests.Support;

/// <summary>The repository that contains the tests.</summary>
public static class Repository
{
    /// <summary>The root folder. It is the closest folder above the tests that contains the solution.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "RawSocketChat.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException("RawSocketChat.sln is in no folder above the tests");
    }
}
