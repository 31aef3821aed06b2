namespace RawSocketChat.Tests.EndToEnd;

/// <summary>Where the programs and files lie that these tests drive; <c>Tests/run</c> installs what is not of this repository.</summary>
public static class Tools
{
    public static string Wscat => InTools("node_modules/.bin/wscat");

    public static string Axe => InTools("node_modules/axe-core/axe.min.js");

    /// <summary>The built server, to be run as a process of its own.</summary>
    public static string ServerDll => Path.Combine(AppContext.BaseDirectory, "RawSocketChat.Server.dll");

    /// <summary>The page as a file, as a person would save it.</summary>
    public static string ClientHtml => Path.Combine(AppContext.BaseDirectory, "client.html");

    /// <summary>The folder of the repository.</summary>
    public static string Root
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "RawSocketChat.sln")))
                    return folder.FullName;
            }

            throw new AssertionException("there is no RawSocketChat.sln above the tests");
        }
    }

    private static string InTools(string path)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var found = Path.Combine(folder.FullName, "Tests", ".tools", path);
            if (File.Exists(found))
                return found;
        }

        throw new AssertionException($"{path} is not installed; Tests/run does it");
    }
}
